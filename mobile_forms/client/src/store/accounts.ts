import { claimDevice, read, readAll, readDevice, writeAll, writeDevice } from "./db.ts";
import { open, openAll, seal } from "./seal.ts";

export interface Person {
  id: string;
  name: string;
  staff_no: string;
}

/** A person who signed in on this phone. `ended` says that the server no longer accepts the token. */
export interface Account {
  person: Person;
  token: string;
  joinedAt: string;
  ended: boolean;
}

/** A random name of this phone, the same for all who use it. */
export async function deviceId(): Promise<string> {
  const known = await readDevice<string>("id");
  return known ?? (await claimDevice("id", `zoufang:${crypto.getRandomValues(new Uint32Array(3)).join("-")}`));
}

export async function saveAccount(account: Account): Promise<void> {
  await writeAll([{ store: "accounts", key: account.person.id, value: await seal(account) }]);
}

export async function findAccount(personId: string): Promise<Account | null> {
  const sealed = await read("accounts", personId);
  return sealed === undefined ? null : await open<Account>(sealed);
}

export async function allAccounts(): Promise<Account[]> {
  return await openAll<Account>(await readAll("accounts"));
}

export async function activate(personId: string): Promise<void> {
  await writeDevice("active", personId);
}

/** The person whose households are shown, or null before anybody signed in. */
export async function activeAccount(): Promise<Account | null> {
  const personId = await readDevice<string>("active");
  return personId === undefined ? null : await findAccount(personId);
}

export async function endAccount(personId: string): Promise<void> {
  const account = await findAccount(personId);
  if (account !== null && !account.ended) await saveAccount({ ...account, ended: true });
}
