"""Data files turned into nouns: devices, phones, protocols, studies, models and racks."""
