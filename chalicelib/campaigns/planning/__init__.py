"""Planning: the audience of a campaign becomes disparos, and campaigns go on by themselves. Workers' login."""
