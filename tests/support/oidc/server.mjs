// An OpenID provider for the tests: `node server.mjs SETTINGS.json`. People are read anew at every sign-in.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(`${process.cwd()}/`);
const { Provider } = await import(pathToFileURL(require.resolve("oidc-provider")).href);
const file = process.argv[2];
const settings = () => JSON.parse(readFileSync(file, "utf8"));
const { port, client } = settings();

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [client],
  claims: { openid: ["sub"], profile: ["name", "preferred_username"], groups: ["groups"] },
  cookies: { keys: ["only for tests"] },
  findAccount: (context, subject) => ({
    accountId: subject,
    claims: () => ({ sub: subject, preferred_username: subject, ...settings().people[subject] }),
  }),
});
provider.listen(port, "127.0.0.1");
