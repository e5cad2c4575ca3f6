"""Any server that speaks OpenAI's audio transcriptions."""
