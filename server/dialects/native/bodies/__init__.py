"""What each dialect takes and gives, as structs: decoding, the documentation and the tests read them alike."""
