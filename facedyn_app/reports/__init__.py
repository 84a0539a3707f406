"""Reports and exports: pages, figures, tables, meshes, films and motion for other programs."""
