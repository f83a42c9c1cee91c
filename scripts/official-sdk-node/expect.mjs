// What a life asserts with.

export function same(what, got, expected) {
  const [seen, wanted] = [JSON.stringify(got), JSON.stringify(expected)];
  if (seen !== wanted) throw new Error(`${what}: got ${seen}, expected ${wanted}`);
}

// The one row of a listing.
export function only(rows) {
  same("rows of the listing", rows.length, 1);
  return rows[0];
}

// The call must be refused with this code, and with this HTTP status if one is given. Gives the error.
export async function refused(code, call, status) {
  let error;
  try {
    await call();
  } catch (caught) {
    error = caught;
  }
  if (!error) throw new Error(`accepted, expected ${code}`);
  if (!error.code) throw error;
  // The typed clients put the status before the message and beside the code, pop-core into what it calls the entry.
  const seen = error.statusCode ?? error.entry?.response.statusCode;
  same("the refusal", [error.code, status === undefined ? undefined : seen], [code, status]);
  same(`a RequestId with ${code}`, Boolean(error.data?.RequestId ?? error.requestId), true);
  return error;
}
