"""The contract test: openapi.yaml held against the running server, and the server against openapi.yaml."""
