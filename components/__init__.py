"""What a platform is made of: one Pulumi component per module."""
