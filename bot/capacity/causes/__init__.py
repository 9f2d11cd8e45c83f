"""Why pods or nodes get no address: one small function for each cause, one module for each family. Pure."""
