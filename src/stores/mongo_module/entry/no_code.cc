// An empty library: what it needs is what the driver needs for TLS, a login or compression.
