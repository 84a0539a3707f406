"""What is kept: session files, and the library of speakers, consent and enrolments."""
