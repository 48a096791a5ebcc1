import type { Invoice } from './invoice.ts'
import { toPage, type InvoiceLanguage } from './page.ts'

/** An invoice as one HTML page: no script, nothing loaded from elsewhere, everything in it escaped. */
export function toInvoiceHtml(invoice: Invoice, language: InvoiceLanguage): string {
  const page = toPage(invoice, language)
  const cells = (row: readonly string[], tag: 'td' | 'th'): string =>
    `<tr>${row.map((cell, index) => `<${tag}${index > 0 ? ' class="number"' : ''}>${escapeHtml(cell)}</${tag}>`).join('')}</tr>`
  const pairs = (rows: readonly (readonly [string, string])[]): string =>
    rows.map(([name, value]) => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd>`).join('')
  return `<!doctype html>
<html lang="${language}"><head><meta charset="utf-8"><title>${escapeHtml(`${page.title} ${invoice.number}`)}</title>
<style>body{font:15px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}
table{width:100%;border-collapse:collapse;margin:1.5rem 0}td,th{padding:.4rem;border-bottom:1px solid #ccc;text-align:left}
.number{text-align:right;font-variant-numeric:tabular-nums}dl{display:grid;grid-template-columns:auto 1fr;gap:.2rem 1rem}
dd{margin:0}dl.totals dd{text-align:right}footer{color:#666;font-size:12px;overflow-wrap:anywhere}</style></head>
<body><h1>${escapeHtml(page.title)}</h1><dl>${pairs(page.facts)}</dl>
<table><thead>${cells(page.columns, 'th')}</thead><tbody>${page.rows.map((row) => cells(row, 'td')).join('\n')}</tbody></table>
<dl class="totals">${pairs(page.totals)}</dl><footer>${escapeHtml(page.foot)}</footer></body></html>
`
}

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`)
}
