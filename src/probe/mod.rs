//! What runs inside the stack's network, from where Prometheus stands: names, sockets, answers. Knows no Docker.
