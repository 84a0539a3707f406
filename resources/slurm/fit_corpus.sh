#!/usr/bin/env bash
#SBATCH --job-name=facedyn
#SBATCH --array=1-8
#SBATCH --cpus-per-task=8
#SBATCH --mem-per-cpu=2G
#SBATCH --time=24:00:00
#SBATCH --requeue
#SBATCH --output=facedyn-%A_%a.log
# A corpus as an array of jobs, one a shard: sbatch --array=1-N fit_corpus.sh MANIFEST OUT [OPTIONS…]
#
# Each job puts its sessions into OUT/shard-I; given once more it goes on where it was. For some of
# the shards alone say how many there are: N_SHARDS=8 sbatch --array=3,5 fit_corpus.sh MANIFEST OUT
# Afterwards: facedyn merge OUT/shard-* -o OUT/all
set -euo pipefail

if [[ $# -lt 2 || -z ${SLURM_ARRAY_TASK_ID:-} ]]; then
    echo "Usage: sbatch --array=1-N $(basename "$0") MANIFEST OUT [OPTIONS OF facedyn fit-corpus]" >&2
    exit 2
fi
manifest=$1 out=$2
shift 2
shard=$SLURM_ARRAY_TASK_ID/${N_SHARDS:-$SLURM_ARRAY_TASK_MAX}
# Each worker computes with one thread; what else there is of cores would lie idle or be in the way.
export OMP_NUM_THREADS=1
exec "${FACEDYN:-facedyn}" fit-corpus "$manifest" -o "$out/shard-$SLURM_ARRAY_TASK_ID" \
    --shard "$shard" --workers "${SLURM_CPUS_PER_TASK:-1}" "$@"
