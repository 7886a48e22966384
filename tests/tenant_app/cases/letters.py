"""The papers of a case about a lease, and the texts of the firm beside them."""

NOTICE = """# Congé pour reprise

Lyon, le 3 mars 2025

Objet : congé donné pour reprise du logement

Madame Nadia Martin,

La SCI Les Tilleuls, bailleresse, vous a donné congé le 3 mars 2025 pour reprise du logement.
Le bail a été signé le 1er juillet 2022 pour un loyer mensuel de 850 euros.
Vous devez quitter les lieux au plus tard le 30 juin 2025.
À défaut de départ à cette date, le bailleur demandera l'expulsion devant le juge.
Le présent congé est donné en application de l'article 15 de la loi du 6 juillet 1989.
""".encode()

ANSWER = """# Réponse du locataire

Madame Martin conteste le congé : elle soutient que la reprise n'est ni réelle ni sérieuse.
Le congé a-t-il été notifié dans le délai de six mois avant le terme du bail ?
La locataire a payé 850,00 € par virement chaque mois jusqu'au 5 février 2025.
Elle invoque l'article L. 442-6 du code de la construction et de l'habitation.
""".encode()

LAW = """# Congé du bailleur

Lorsque le bailleur donne congé au locataire, le congé doit être justifié par sa décision de reprendre ou
de vendre le logement. Le délai de préavis applicable au congé est de six mois lorsqu'il émane du bailleur.
Le délai court à compter du jour de la réception de la lettre recommandée ou de la signification de l'acte.
""".encode()
