"""Images of an environment: repositories, caches of other registries, scanning, signing, admission."""
