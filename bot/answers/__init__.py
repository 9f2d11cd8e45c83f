"""The JSON form of every answer: pydantic models, the versioned interface that scripts rely on."""
