"""From the bytes of a PDF to a CV document that holds nothing the PDF does not say."""
