"""Listings that come in pages."""


def by_token(call, rows, size=("max_results", 1), **fields):
    """Every row of a listing, by NextToken; `rows` takes them out of a page, `size` names the field of the page's size."""
    if size:
        fields[size[0]] = size[1]
    seen, token = [], None
    while token != "":
        page = call(next_token=token, **fields)
        seen += rows(page)
        token = page.next_token or ""
    return seen
