"""Is it alive, is it ready, is it well: what load balancers and operators ask."""
