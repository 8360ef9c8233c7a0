"""The only modules that touch a file: photos in, manifests in, tables and pictures out."""
