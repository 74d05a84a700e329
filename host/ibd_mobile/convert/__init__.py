"""From a published or built network to the files that inference frameworks read."""
