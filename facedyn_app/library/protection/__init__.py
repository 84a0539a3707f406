"""Protection of a library at rest: keys under a passphrase, sealed files, an encrypted database.

`protection.json` in the library's folder has one random data key, sealed under the passphrase,
under a recovery key and, if wanted, under a key in the system's keyring (`key_file`). From the data
key come those of the database, of the files and of the turning of embeddings (`keys`). Files are
sealed by AES-GCM (`sealed`), the database by SQLCipher or, where that is missing, as one sealed
file (`sealed_database`, `drivers`). Keys are held in memory alone (`held`), and all files are
brought under other ones in one step (`new_keys`).
"""
