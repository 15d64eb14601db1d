// Talking with the sandbox.

export async function ask(path, options) {
  const answer = await fetch(path, options);
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.description ?? answer.statusText);
  return body;
}

/** Posts a form as it is, anything else as JSON. */
export function post(path, body) {
  return ask(path, body instanceof FormData
    ? { method: "POST", body }
    : { method: "POST", body: JSON.stringify(body ?? {}), headers: { "Content-Type": "application/json" } });
}
