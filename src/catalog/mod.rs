//! What stackctl knows of each component: image, versions and what changed between them, ports, user id, flags. Data, not behaviour.
