"""Making the files and TOMLs of the folder above again, with the product's own conversion."""
