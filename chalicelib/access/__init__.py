"""Who calls the API: the authorizer of API Gateway, and the API keys of machines."""
