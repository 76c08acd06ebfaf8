"""A storefront for courses, e-books and software that are sold before they are out."""
