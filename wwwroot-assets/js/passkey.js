// Passkeys, and the question "is it you?" before dangerous acts. Nothing here decides anything: it carries what the browser's own key store
// answers to a form of the console. Without this script the password form beside it works.
(() => {
  "use strict";
  const supported = Boolean(window.PublicKeyCredential && navigator.credentials && window.isSecureContext);

  const toBytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  const toText = (buffer) =>
    buffer == null
      ? undefined
      : btoa(String.fromCharCode(...new Uint8Array(buffer)))
          .replaceAll("+", "-")
          .replaceAll("/", "_")
          .replace(/=+$/, "");

  const withBytes = (options) => ({
    ...options,
    challenge: toBytes(options.challenge),
    ...(options.user ? { user: { ...options.user, id: toBytes(options.user.id) } } : {}),
    ...(options.allowCredentials ? { allowCredentials: options.allowCredentials.map((c) => ({ ...c, id: toBytes(c.id) })) } : {}),
    ...(options.excludeCredentials ? { excludeCredentials: options.excludeCredentials.map((c) => ({ ...c, id: toBytes(c.id) })) } : {}),
  });

  // By hand: some key stores bring a toJSON of their own that fails.
  const answerOf = (credential) => {
    const { response } = credential;
    return JSON.stringify({
      id: credential.id,
      rawId: toText(credential.rawId),
      type: credential.type,
      authenticatorAttachment: credential.authenticatorAttachment ?? undefined,
      clientExtensionResults: credential.getClientExtensionResults(),
      response: {
        clientDataJSON: toText(response.clientDataJSON),
        attestationObject: toText(response.attestationObject),
        transports: response.getTransports?.(),
        authenticatorData: response.attestationObject ? undefined : toText(response.authenticatorData),
        signature: toText(response.signature),
        userHandle: toText(response.userHandle),
      },
    });
  };

  class Refused extends Error {
    constructor(body) {
      super(body?.detail ?? "The console did not answer. Try again.");
      this.code = body?.code;
    }
  }

  const read = async (response) => {
    const type = response.headers.get("content-type") ?? "";
    if (response.ok && type.includes("json")) return response.json();
    if (type.includes("problem+json")) throw new Refused(await response.json());
    throw new Refused({ detail: type.startsWith("text/plain") ? await response.text() : undefined });
  };

  const ask = async (url) => read(await fetch(url, { cache: "no-store", credentials: "same-origin" }));
  const send = async (url, fields) => read(await fetch(url, { method: "POST", credentials: "same-origin", body: new URLSearchParams(fields) }));

  const sentence = (error) =>
    error instanceof Refused ? error.message
    : error?.name === "NotAllowedError" || error?.name === "AbortError" ? "Nothing was confirmed: the request was closed, or took too long."
    : error?.name === "InvalidStateError" ? "This device has a passkey for this account already."
    : error?.name === "SecurityError" ? "The browser refuses passkeys at this address. The console's operator can set its domain."
    : "The browser could not do this. Use your password.";

  // ---- a form that a passkey answers ------------------------------------------------------------------------------------------------------
  let waiting; // the quiet offer in the autofill of the sign-in page
  const hush = () => {
    waiting?.abort();
    waiting = undefined;
  };

  const take = async (kind, url, fields, quiet) => {
    const offer = await ask(url);
    const { options, ticket } = kind === "sign-in" ? { options: offer } : offer;
    const credential =
      kind === "new"
        ? await navigator.credentials.create({ publicKey: withBytes(options) })
        : await navigator.credentials.get({
            publicKey: withBytes(options),
            ...(quiet ? { mediation: "conditional", signal: quiet } : {}),
          });
    return send(url, { ...fields(), ...(ticket ? { ticket } : {}), credential: answerOf(credential) });
  };

  const go = (to) => {
    // An address that differs in its fragment alone would not be loaded anew.
    const url = new URL(to, location.href);
    const same = url.pathname === location.pathname && url.search === location.search;
    location.assign(url);
    if (same) location.reload();
  };

  // Passkeys among the suggestions of the e-mail field, where the browser has that. A challenge lives five minutes, so it is renewed before.
  const offerQuietly = async (url, fields, say) => {
    if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
    hush();
    const mine = (waiting = new AbortController());
    const renewal = setTimeout(() => {
      if (waiting === mine) offerQuietly(url, fields, say);
    }, 240_000);
    try {
      go((await take("sign-in", url, fields, mine.signal)).to);
    } catch (error) {
      if (error instanceof Refused && !mine.signal.aborted) say(error.message);
    } finally {
      clearTimeout(renewal);
    }
  };

  // After what it calls: an element that stands in the page already is taken up at once.
  customElements.define(
    "ac-passkey",
    class extends HTMLElement {
      connectedCallback() {
        this.form_ = this.closest("form");
        if (!supported || !this.form_ || this.ready_) return;
        this.ready_ = true;
        const kind = this.getAttribute("kind");
        const form = this.form_;
        const url = form.getAttribute("action");
        const said = form.querySelector("[data-passkey-said]");
        const fields = () => Object.fromEntries([...new FormData(form)].filter(([, value]) => typeof value === "string"));
        const say = (text) => {
          said.textContent = text;
          said.hidden = !text;
        };
        form.hidden = false;
        form.addEventListener("submit", async (event) => {
          event.preventDefault();
          const button = form.querySelector("button[type=submit]");
          if (button.disabled) return;
          hush();
          say("");
          button.disabled = true;
          try {
            let done;
            try {
              done = await take(kind, url, fields);
            } catch (error) {
              if (error.code !== "step_up_required" || !(await confirm())) throw error;
              done = await take(kind, url, fields);
            }
            go(done.to);
          } catch (error) {
            say(sentence(error));
            button.disabled = false;
            if (kind === "sign-in") offerQuietly(url, fields, say);
          }
        });
        if (kind === "sign-in") offerQuietly(url, fields, say);
      }
      disconnectedCallback() {
        if (this.getAttribute("kind") === "sign-in") hush();
      }
    },
  );

  // ---- the question over a page: true once the person confirmed ---------------------------------------------------------------------------
  const element = (name, attributes = {}, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) if (value !== undefined && value !== false) made.setAttribute(key, value === true ? "" : value);
    made.append(...children);
    return made;
  };
  const field = (label, input, help) => element("label", { class: "fld" }, element("span", {}, label), input, ...(help ? [element("small", {}, help)] : []));

  let open;
  const confirm = () => (open ??= askPerson().finally(() => (open = undefined)));

  const askPerson = async () => {
    const token = document.querySelector('input[name="__RequestVerificationToken"]')?.value;
    let means;
    try {
      means = await ask("/account/step-up/means");
    } catch {
      return false;
    }
    return new Promise((resolve) => {
      const password = element("input", { class: "inp", type: "password", autocomplete: "current-password", required: true, "aria-describedby": "confirm-said" });
      const code = element("input", { class: "inp m tn", autocomplete: "one-time-code", maxlength: "40", required: true });
      const said = element("p", { class: "bad-field", role: "alert", id: "confirm-said", hidden: true });
      const sure = element("button", { type: "submit", class: means.passkey && supported ? "btn" : "btn p" }, "Confirm with the password");
      const passkey = element("button", { type: "button", class: "btn p" }, "Confirm with a passkey");
      const cancel = element("button", { type: "button", class: "btn" }, "Cancel");
      const form = element(
        "form",
        { class: "in-dlg" },
        element("p", { class: "x2" }, `${means.user}: this needs a sign-in of the last minutes. What you typed is kept, and it is done as soon as you confirm.`),
        element("input", { type: "hidden", autocomplete: "username", name: "username", value: means.user }),
        field("Your password", password),
        ...(means.code ? [field("Code of six digits, or a recovery code", code)] : []),
        said,
        element("div", { class: "go" }, ...(means.passkey && supported ? [passkey] : []), sure, cancel),
      );
      const dialog = element(
        "dialog",
        { class: "dlg", "aria-labelledby": "confirm-title", "data-testid": "confirm" },
        element("header", {}, element("h2", { id: "confirm-title" }, "Confirm it is you")),
        form,
      );
      const before = document.activeElement;
      const close = (answer) => {
        dialog.close();
        dialog.remove();
        before?.focus?.();
        resolve(answer);
      };
      const run = async (act) => {
        said.hidden = true;
        sure.disabled = passkey.disabled = true;
        try {
          await act();
          close(true);
        } catch (error) {
          said.textContent = sentence(error);
          said.hidden = false;
          sure.disabled = passkey.disabled = false;
          password.select();
        }
      };
      const common = { __RequestVerificationToken: token ?? "" };
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        run(() => send("/account/step-up/password", { ...common, password: password.value, code: code.value }));
      });
      passkey.addEventListener("click", () => run(() => take("step-up", "/account/step-up/passkey", () => common)));
      cancel.addEventListener("click", () => close(false));
      dialog.addEventListener("cancel", (event) => {
        event.preventDefault();
        close(false);
      });
      // Keys of the page beneath must not hear what is typed here.
      dialog.addEventListener("keydown", (event) => event.stopPropagation());
      document.body.append(dialog);
      dialog.showModal();
      (means.passkey && supported ? passkey : password).focus();
    });
  };

  document.addEventListener("click", (event) => {
    if (event.target.closest?.("[data-print]")) window.print();
  });

  window.agentConsoleConfirm = confirm;
})();
