"""The files here are losses of users, which some packages are needed for; they are no tests."""

collect_ignore_glob = ["*.py"]
