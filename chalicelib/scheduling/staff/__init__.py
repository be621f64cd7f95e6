"""Staff: the responsáveis, what blocks their time, and when they are free. The login of the API."""
