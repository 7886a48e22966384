"""A complete, valid .env of a tenant, as the tests start from."""

from pathlib import Path

SECRET_KEY = "a" * 20 + "-tenant-secret-key-of-the-tests"
OPERATOR_KEY = "b" * 20 + "-operator-key-of-the-tests"
PUBLIC_URL = "http://dupont.localhost:8080"


def environment(data_dir: Path, **changes: str) -> dict[str, str]:
    """Return the keys of a professional tenant's .env, with ``changes`` (lower-case names) applied."""
    values = {
        "CLIENT_ID": "dupont",
        "INSTANCE_NAME": "dupont-prod",
        "CLIENT_NAME": "Cabinet Dupont & Associés",
        "CLIENT_SIRET": "12345678901234",
        "CLIENT_ADDRESS": "123 Rue de la Justice, 75001 Paris",
        "CLIENT_PHONE": "01.23.45.67.89",
        "CLIENT_EMAIL": "contact@cabinet-dupont.fr",
        "CLIENT_LOGO": "",
        "CLIENT_COLOR": "#2c3e50",
        "SUBSCRIPTION_PLAN": "professional",
        "MAX_USERS": "10",
        "MAX_CASES": "2000",
        "AI_MODEL": "ceseda-pro-v1",
        "PREDICTION_THRESHOLD": "0.87",
        "MAX_ANALYSIS_MONTHLY": "500",
        "ADVANCED_FEATURES": "true",
        "DATA_DIR": str(data_dir),
        "PORT": "5001",
        "SECRET_KEY": SECRET_KEY,
        "OPERATOR_KEY": OPERATOR_KEY,
        "SECRET_KEY_BEFORE": "",
        "SECRET_KEY_BEFORE_UNTIL": "",
        "PUBLIC_URL": PUBLIC_URL,
        "FURTHER_URLS": "[]",
        "MAX_REQUESTS_MONTHLY": "10000",
        "MAX_REQUESTS_PER_MINUTE": "30",
        "MAX_API_KEYS": "5",
        "LLM_BUDGET_MONTHLY": "",
        "MAX_UPLOAD_MB": "20",
        "MAX_STORAGE_MB": "2000",
        "MAX_QUESTION_CHARS": "500",
        "THREADS": "8",
        "SLEEP_AFTER_MINUTES": "",
        "PRICE_CENTS": "29900",
        "OVERAGE_REQUEST_PRICE": "",
        "OVERAGE_ANALYSIS_PRICE": "",
        "PLAN_EXPIRES_ON": "",
        "SUPPORT_LEVEL": "standard",
        "SUPPORT_CONTACT": "support@vendor.test",
        "SENDS_MAIL": "false",
        "LEGAL_TEXTS": "{}",
        "ASSISTANT": "legal",
        "ASSISTANT_PROMPT": "Vous aidez des juristes.",
        "ASSISTANT_QUESTIONS": '[{"fr": "Quel est le délai de recours ?", "en": "What is the time limit?"}]',
        "ASSISTANT_VOCABULARY": '{"OQTF": ["obligation de quitter le territoire"]}',
        "LLM_MODEL": "test-model",
        "RETRIEVAL_DEPTH": "8",
        "LLM_CONTEXT_TOKENS": "16000",
        "PROFILE_PROMPT": "Répondez avec précision.",
        "EMBEDDING_SOCKET": str(data_dir.parent / "embeddings.sock"),
        "EMBEDDING_MODEL": "all-MiniLM-L6-v2",
        "EMBEDDING_PREFIXES": "",
        "RERANK_MODEL": "",
        "OPENAI_BASE_URL": "",
        "OPENAI_API_KEY": "",
        "OPENAI_SOCKET": "",
        "LLM_TIMEOUT_SECONDS": "20",
        "LLM_PRICE_IN_PER_MILLION": "0.15",
        "LLM_PRICE_OUT_PER_MILLION": "0.60",
        "LANGUAGE_DEFAULT": "fr",
    }
    return values | {name.upper(): value for name, value in changes.items()}
