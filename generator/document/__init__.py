"""Floor 2: the Word writer. From a Disclosure and the edition's style.docx to the bytes of a .docx."""
