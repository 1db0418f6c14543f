"""The command line. Each verb is a module of its own, imported when it is called."""
