"""Embeddings for every tenant of a host: one model in memory, behind a unix socket.

The HTTP shape is OpenAI's `/v1/embeddings`, so that a stock engine can take this program's place.
It imports neither `provisioner` nor `tenant_app`; they meet at the socket.

A cross-encoder may stand beside the model, behind `/v1/rerank` in Cohere's and Jina's shape.

Floors, lowest first: errors → scheduler, models, socket_file, logs → cross_encoder, requests, worker →
rerank_requests → application → server → __main__.
"""
