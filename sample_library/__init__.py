"""The sample library: post-mortems of an imaginary company, written in Markdown and built into the PDFs in `data/`."""
