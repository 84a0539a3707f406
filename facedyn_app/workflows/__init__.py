r"""Workflows of the application: one file an act, used by window and command line alike.

The data flow::

    file --video--> frames --landmarks--> landmarks --fitting + headmodel--> motion + shape
    others' tables --tracks--> motion
    motion --dynamics--> windows --recognizer--> embeddings --scoring--> ranked speakers
                    \--shape per second--> drift (DNR)        \--quality--> trust in a match
                    \--clinical--> blinks, excursions, asymmetry

and the acts on it:

==================  ================================================================
recordings, heads   what a file holds, and the head that it is fitted with
analyse, fit        a video to a session, or to one of each of its faces
open_recording      a recording of any kind with all that is known of it (`records`)
camera              a camera read, fitted and recorded live (`camera_feed` joins the threads)
convert, import_    other programs' measurements to sessions; a folder of recordings
                    (`recording_content`: what each file in it is)
enrol               a speaker's sessions into a library, by consent (`queued_enrolment`)
work                the library's queue of recordings to enrol: listed, worked, changed
                    (`work_items`, `work_reading`, `work_details`)
identify, verify    a recording against the speakers who are enrolled (`comparison`)
fit_corpus          all that a manifest names (`corpus_manifest`), by several workers
                    (`corpus_engine`, `corpus_processes`; on a cluster: `facedyn_app.cluster`)
corpus_status       how far that is; `merge_corpora`: shards in one folder
drift               how far a speaker's shape moves from session to session (`drift_detail`: faces)
split, train        a library divided by sessions, and trained on
evaluate, study     a recognizer tested on sessions it has not seen; tables, figures
calibrate           its probabilities, from trials on a library
library             the sessions of a library: listed, dated, opened
library_check       each of them read; what was left half done, swept
kept                its sessions' videos found again; a video shown without a new fit
events              what is marked in a session: kept, exchanged with tables and ELAN
protocols           tasks before the camera: known ones, found in a recording
speakers            its people: listed, renamed, merged, annotated
forget              a person or session with every trace; the search that proves it
recognizers         the recognizers of a library: listed, used, brought in
export, report      tables, films, meshes; pages to print
measure             blinks, excursions, left against right; their tables
mirrored_fit        the fit of a recording's mirror image
clinical_course     a person's clinical measures over time (`clinical_report`: a page to print)
head_pictures       pictures and meshes of a head, its measurement
simulate, demo      simulated speakers; the demo on rendered videos of them
selftest            every stage on a small scale
==================  ================================================================

An act takes paths or records, settings and `on_progress`, and gives a record of what was done. It
knows neither Qt nor the command line; it checks what it is given, and where it is to write, before
long work begins (`path_checks`).
"""
