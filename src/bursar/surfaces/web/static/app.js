/* Small manners; every page works without them. The theme is a cookie, so the server draws it and nothing flashes. */
(() => {
  const on = (sel, type, f) => document.addEventListener(type, e => { const t = e.target.closest?.(sel); if (t) f(t, e); });
  const each = (sel, f) => document.querySelectorAll(sel).forEach(f);

  on(".theme a", "click", (a, e) => {
    e.preventDefault();
    const mode = a.dataset.theme;
    if (mode === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = mode;
    document.cookie = `bursar_theme=${mode}; Path=/; SameSite=Lax; Max-Age=31536000`;
    each(".theme a", o => { if (o === a) o.setAttribute("aria-current", "true"); else o.removeAttribute("aria-current"); });
    document.dispatchEvent(new Event("bursar:theme"));
  });
  on(".copy", "click", async b => {
    const el = document.getElementById(b.dataset.copy), was = b.textContent;
    try { await navigator.clipboard.writeText(el.textContent); b.textContent = "Copied"; }
    catch { getSelection().selectAllChildren(el); b.textContent = "Press Ctrl C"; }
    setTimeout(() => { b.textContent = was; }, 1600);
  });
  /* a changed choice is a question asked; the button stays for those without JavaScript and for the keyboard */
  on("form[data-auto] select:not([name=add],[name=op])", "change", s => s.form.requestSubmit());
  on("[data-filter-by]", "change", async s => {
    const list = document.getElementById(s.dataset.filterBy), box = document.querySelector(`[list="${list.id}"]`);
    list.replaceChildren();
    try {
      const r = await fetch(`/explore/values?${new URLSearchParams({ dimension: s.value, currency: s.dataset.currency || "" })}`);
      if (r.ok) list.replaceChildren(...(await r.json()).values.map(v => Object.assign(document.createElement("option"), { value: v })));
    } catch { /* typing still works */ }
    box.focus();
  });

  /* the six characters and a reason are looked at while they are typed; the server looks again */
  on("form[data-six]", "input", f => {
    const six = f.elements.six, hint = document.getElementById("six-hint");
    if (!six || !hint) return;
    const typed = six.value.trim().toLowerCase(), ok = typed === f.dataset.six;
    hint.textContent = ok ? "These are the six characters of this plan." : typed.length < 6 ? "As printed above, left to right." : "That is not this plan’s digest.";
    hint.className = ok || typed.length < 6 ? "hint" : "bad-hint";
  });

  /* while the server answers, and when it does not: then the browser asks itself and says so */
  const busy = on => document.getElementById("main")?.classList.toggle("busy", on);
  document.addEventListener("htmx:before:request", () => busy(true));
  document.addEventListener("htmx:finally:request", () => busy(false));
  document.addEventListener("htmx:error", e => { const to = e.detail?.ctx?.request?.action; if (to) location.assign(to); });

  const arrive = () => {
    each(".scroll[data-end]", s => { s.scrollLeft = s.scrollWidth; });
    const nav = document.querySelector(".nav"), cur = nav?.querySelector("[aria-current]");
    if (cur) nav.scrollLeft = cur.offsetLeft - 16;
  };
  document.addEventListener("DOMContentLoaded", arrive);
  document.addEventListener("htmx:after:swap", () => { arrive(); document.getElementById("main")?.focus({ preventScroll: true }); });
})();
