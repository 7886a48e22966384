"""The pages people use: sign-in, assistant, documents and usage, in French and English."""
