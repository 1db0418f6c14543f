"""The web pages: drawn on the server, each a GET URL, whole without JavaScript. `app.mount` puts them on the API's application."""
