"""The HTTP API, `/api/v1`: the same questions and the same documents as the command line. `app.create_app` makes it."""
