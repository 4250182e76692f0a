"""Serves the components to programs in other languages: Pulumi starts this folder as a plugin."""

import sys

from pulumi.provider import main

from components.package import PackageProvider

if __name__ == "__main__":
    main(PackageProvider(), sys.argv[1:])
