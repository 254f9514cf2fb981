"""What is built: products, revisions, bills of material, release packages."""
