"""What GMOS headers mean: detectors, tags, descriptors."""
