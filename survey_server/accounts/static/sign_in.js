// Passkeys, and the secret of a one-time link. Everything else on these pages works without a script.
"use strict";

const toBytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));
const toText = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const withBytes = (list) => (list || []).map((one) => ({ ...one, id: toBytes(one.id) }));

async function call(address, body) {
  const answer = await fetch(address, {
    method: body ? "POST" : "GET",
    headers: { Accept: "application/json", ...(body && { "Content-Type": "application/json" }) },
    body: body && JSON.stringify(body),
  });
  const said = await answer.json();
  if (!answer.ok) throw new Error(`${said.title} ${said.remedy}`);
  return said;
}

async function make(options) {
  const made = await navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: toBytes(options.challenge),
      user: { ...options.user, id: toBytes(options.user.id) },
      excludeCredentials: withBytes(options.excludeCredentials),
    },
  });
  const { attestationObject, clientDataJSON } = made.response;
  return {
    id: made.id,
    rawId: toText(made.rawId),
    type: made.type,
    response: { attestationObject: toText(attestationObject), clientDataJSON: toText(clientDataJSON) },
  };
}

async function show(options) {
  const shown = await navigator.credentials.get({
    publicKey: { ...options, challenge: toBytes(options.challenge), allowCredentials: withBytes(options.allowCredentials) },
  });
  const { authenticatorData, clientDataJSON, signature, userHandle } = shown.response;
  return {
    id: shown.id,
    rawId: toText(shown.rawId),
    type: shown.type,
    response: {
      authenticatorData: toText(authenticatorData),
      clientDataJSON: toText(clientDataJSON),
      signature: toText(signature),
      userHandle: userHandle && toText(userHandle),
    },
  };
}

function bind(form, ceremony) {
  const said = form.querySelector("[role=alert]");
  form.hidden = !window.PublicKeyCredential;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    said.hidden = true;
    try {
      const asked = await call(form.dataset.address);
      const credential = await ceremony(asked.options);
      const typed = Object.fromEntries(new FormData(form));
      location.assign((await call(form.dataset.address, { ...typed, credential, state: asked.state })).next);
    } catch (error) {
      // The browser's own words (somebody pressed cancel, no key was found) are not for people.
      said.textContent = error instanceof DOMException ? said.dataset.words : error.message;
      said.hidden = false;
    }
  });
}

for (const form of document.querySelectorAll("form[data-passkey=make]")) bind(form, make);
for (const form of document.querySelectorAll("form[data-passkey=show]")) bind(form, show);

const link = document.querySelector("input[name=link]");
if (link && location.hash.length > 1) {
  link.value = location.hash.slice(1);
  link.closest("label").hidden = true;
  history.replaceState(null, "", location.pathname);
}
