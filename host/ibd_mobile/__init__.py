"""ibd-mobile: measure DNN inference on phones and hosts, with numbers one can defend."""
