"""A process's system calls about the files below one folder: recorded, or made to fail. `shim.cc` says how."""
