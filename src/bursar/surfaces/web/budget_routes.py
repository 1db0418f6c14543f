"""The addresses of budgets: the list, and one of them."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from bursar.domain.errors import ConfigError
from bursar.surfaces.budgets import budgets_listing
from bursar.surfaces.web import budget, budget_books, budgets
from bursar.surfaces.web.books import Books, House
from bursar.surfaces.web.budget_books import BudgetBooks
from bursar.surfaces.web.serving import as_file, page, shown, wrong

HERE = "budgets"


def routes(house: House, standing: BudgetBooks) -> APIRouter:
    """`/budgets` and `/budgets/{name}`."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @router.get("/budgets")
    def all_of_them(request: Request) -> Response:
        return shown(request, house, here=HERE, draw=lambda books: _list(request, books, standing), needs_bills=False)

    @router.get("/budgets/{name}")
    def one_of_them(request: Request, name: str) -> Response:
        return shown(request, house, here=HERE, draw=lambda books: _one(request, books, standing, name), needs_bills=False)

    return router


def _list(request: Request, books: Books, standing: BudgetBooks) -> Response:
    ledger, measures = standing.measured(books)
    faults, held = standing.faults(books), budget_books.held(books)
    if request.query_params.get("format"):
        listing = budgets_listing(list(measures.values()), faults=faults, held=held, generation=_generation(books))
        return as_file(listing, request.query_params["format"])
    facts = budgets.BudgetsFacts(
        budgets=ledger.budgets,
        measures=measures,
        faults=faults,
        held=held,
        invoices=books.reconciliation(),
        has_project=standing.has_project,
    )
    return page(request, books, "budgets", here=HERE, values={"p": budgets.build(facts)})


def _one(request: Request, books: Books, standing: BudgetBooks, name: str) -> Response:
    ledger, measures = standing.measured(books)
    if name not in measures:
        error = ConfigError(
            f"there is no budget {name[:40]!r}", cure="The list shows every one: Budgets. They are written in budgets.yaml."
        )
        return wrong(request, books, error, here=HERE, status=404)
    measure, faults, held = measures[name], standing.faults(books), budget_books.held(books)
    if request.query_params.get("format"):
        mine = [fault for fault in faults if fault.budget == name]
        return as_file(budgets_listing([measure], faults=mine, held=held, generation=_generation(books)), request.query_params["format"])
    is_measured = measure.actual is not None
    facts = budget.BudgetFacts(
        budgets=ledger.budgets,
        measure=measure,
        children=[measures[one.id] for one in ledger.budgets.children(name)],
        answer=ledger.daily(measure.budget, measure.span) if is_measured else None,
        faults=faults,
        alerts=budget_books.alerts_of(books, name),
        reservations=budget_books.reservations_of(books, name),
        held=held,
        invoices=books.reconciliation(),
    )
    return page(request, books, "budget", here=HERE, values={"p": budget.build(facts)})


def _generation(books: Books) -> int | None:
    return books.generation.n if books.generation else None
