"""An EKS cluster with its access, add-ons and nodes."""
