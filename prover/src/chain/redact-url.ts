/** A URL without what may be a secret: user, password, path and query often carry an access key. */
export function redactUrl(rpcUrl: string): string {
  try {
    const { protocol, host, pathname, search, username } = new URL(rpcUrl);
    const hidden = pathname.length > 1 || search !== "" || username !== "";
    return `${protocol}//${host}${hidden ? "/…" : ""}`;
  } catch {
    return "the configured URL";
  }
}
