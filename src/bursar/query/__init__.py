"""Questions about cost: the catalogue of metrics and marts, the filter language, and the router that answers from the narrowest mart."""
