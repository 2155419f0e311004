"""The tables a company loads: every column declared once, with its type and the headings it is known by.

Loading, checking, guessing a mapping, templates and the warehouse all read these declarations.
Names here are a public contract: users' exports and scripts depend on them.
"""

from __future__ import annotations

from dataclasses import dataclass

SQL_TYPES = {
    "text": "varchar",
    "date": "date",
    "timestamp": "timestamp",
    "money": "decimal(18,2)",
    "quantity": "decimal(18,4)",
    "ratio": "decimal(18,6)",
    "int": "bigint",
    "bool": "boolean",
}


@dataclass(frozen=True)
class Column:
    """One column: its name, kind (a key of `SQL_TYPES`) and the headings, English and Chinese, it is known by."""

    name: str
    kind: str
    required: bool = False
    may_be_empty: bool = False  # a required column of which single rows may lack the value
    synonyms: tuple[str, ...] = ()
    stored: bool = True  # False: read from files to derive others, not kept

    @property
    def sql_type(self) -> str:
        return SQL_TYPES[self.kind]

    def heading(self, lang: str) -> str:
        """What a template calls it: its name, or in Chinese the first Chinese heading that it is known by."""
        chinese = (s for s in self.synonyms if any("\u4e00" <= c <= "\u9fff" for c in s))
        return next(chinese, self.name) if lang == "zh" else self.name


@dataclass(frozen=True)
class Table:
    """One table: its columns and the key that tells a changed row from a new one.

    Rows whose key has a missing part, and all rows of a table without a key, are matched by content and count.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    synonyms: tuple[str, ...] = ()
    references: tuple[tuple[str, str], ...] = ()  # (column, table whose key it names)

    def column(self, name: str) -> Column:
        return next(c for c in self.columns if c.name == name)

    @property
    def stored(self) -> tuple[Column, ...]:
        return tuple(c for c in self.columns if c.stored)

    @property
    def required(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.columns if c.required)


def _col(
    name: str,
    kind: str = "text",
    *synonyms: str,
    required: bool = False,
    may_be_empty: bool = False,
    stored: bool = True,
) -> Column:
    return Column(name, kind, required, may_be_empty, synonyms, stored)


ACCOUNTS = Table(
    "accounts",
    (
        _col("account_id", "text", "account no", "account number", "customer id", "customer no", "client id",
             "account", "customer", "reseller key", "客户ID", "客户编号", "客户编码", "客户代码", "客户号", required=True),
        _col("name", "text", "account name", "customer name", "company", "company name", "client", "reseller",
             "客户名称", "客户", "客户简称", "公司名称", "单位名称", "企业名称", "account", "customer", required=True),
        _col("industry", "text", "sector", "vertical", "business type", "行业", "所属行业", "行业类别"),
        _col("region", "text", "sales region", "territory", "area", "地区", "大区", "区域", "销售区域"),
        _col("manager_id", "text", "account manager", "owner", "owner id", "sales rep", "salesperson", "sales agent",
             "employee id", "客户经理", "客户经理ID", "负责人", "业务员", "销售员"),
        _col("parent_account_id", "text", "parent", "parent account", "parent id", "subsidiary of", "group",
             "上级客户", "母公司", "集团", "集团ID"),
        _col("segment", "text", "customer type", "customer segment", "class", "客户类型", "客户类别", "客户分类"),
        _col("city", "text", "town", "office location", "城市", "所在城市"),
        _col("partner_id", "text", "partner", "dealer", "distributor", "渠道伙伴", "渠道", "代理商", "经销商"),
        _col("created_on", "date", "created", "created date", "registration date", "since", "注册日期", "创建日期",
             "建档日期", "开户日期"),
        _col("potential_annual_revenue", "money", "potential", "annual potential", "annual budget", "潜力", "年度预算",
             "年采购潜力"),
        _col("strategic", "bool", "strategic account", "is strategic", "战略客户", "是否战略"),
        _col("employees", "int", "employee count", "headcount", "员工数", "员工人数"),
        _col("annual_revenue", "money", "company revenue", "turnover", "年营业额", "年营收"),
        _col("competitor", "text", "main competitor", "竞争对手"),
    ),
    key=("account_id",),
    synonyms=("account", "customers", "customer", "customer_info", "clients", "resellers", "reseller", "客户", "客户信息"),
    references=(("manager_id", "managers"), ("parent_account_id", "accounts"), ("partner_id", "partners")),
)

ORDERS = Table(
    "orders",
    (
        _col("order_date", "date", "date", "invoice date", "order day", "transaction date", "posting date", "sale date",
             "订单日期", "下单日期", "日期", "销售日期", "开票日期", required=True),
        _col("account_id", "text", "account no", "account number", "customer id", "customer no", "client id",
             "account", "customer", "reseller key", "客户ID", "客户编号", "客户编码", "客户代码", "客户号",
             "customer name", "account name", "company name", "客户名称", required=True),
        _col("amount", "money", "sales", "revenue", "net amount", "net sales", "line total", "sales amount", "total",
             "value", "销售额", "金额", "订单金额", "净额", "成交金额", "含税金额", required=True),
        _col("order_id", "text", "order no", "order number", "sales order number", "invoice", "invoice no",
             "invoice number", "订单ID", "订单编号", "订单号", "单号", "发票号"),
        _col("line_no", "int", "line", "line number", "item no", "row id", "行号", "明细行号"),
        _col("product", "text", "product name", "item", "description", "sku", "stock code", "product id", "产品名称",
             "产品", "商品名称", "商品", "物料"),
        _col("product_line", "text", "category", "product category", "product group", "series", "产品线", "产品类别",
             "品类", "类别", "商品分类"),
        _col("quantity", "quantity", "qty", "units", "数量", "销售数量"),
        _col("list_amount", "money", "list value", "gross amount", "list price total", "原价金额", "标价金额"),
        _col("cost", "money", "cost amount", "cogs", "total cost", "成本", "成本金额"),
        _col("partner_id", "text", "partner", "dealer", "distributor", "渠道伙伴", "代理商", "经销商"),
        _col("manager_id", "text", "salesperson", "sales rep", "sales agent", "employee key", "employee id",
             "account manager", "客户经理", "业务员", "销售员", "负责人"),
        _col("currency", "text", "currency code", "币种", "货币"),
        _col("due_on", "date", "due date", "payment due", "到期日", "应付日期", "应收日期"),
        _col("paid_on", "date", "paid date", "payment date", "付款日期", "回款日期"),
        # Attributes of the account, where a company has no file of accounts.
        _col("name", "text", "account name", "customer name", "company name", "客户名称", "公司名称"),
        _col("industry", "text", "sector", "vertical", "行业"),
        _col("region", "text", "sales region", "territory", "area", "地区", "大区", "区域"),
        _col("segment", "text", "customer type", "customer segment", "客户类型", "客户类别"),
        # Read to derive amount and list_amount where they are absent.
        _col("unit_price", "money", "price", "单价", stored=False),
        _col("discount", "ratio", "discount rate", "折扣", "折扣率", stored=False),
    ),
    key=("order_id", "line_no"),
    synonyms=("order", "sales", "sales_data", "invoices", "transactions", "订单", "销售", "销售数据"),
    references=(("account_id", "accounts"), ("manager_id", "managers"), ("partner_id", "partners")),
)

MANAGERS = Table(
    "managers",
    (
        _col("manager_id", "text", "employee id", "employee key", "salesperson id", "sales agent", "account manager id",
             "客户经理ID", "工号", "员工编号", required=True),
        _col("name", "text", "manager name", "salesperson", "sales agent", "account manager", "full name", "姓名",
             "客户经理", required=True),
        _col("email", "text", "mail", "e-mail", "upn", "邮箱", "电子邮件"),
        _col("region", "text", "regional office", "territory", "office", "地区", "大区", "区域"),
        _col("industry", "text", "sector", "行业"),
        _col("team", "text", "manager", "group", "团队", "小组"),
        _col("manager_of", "text", "director of", "负责范围"),
        _col("hired_on", "date", "hire date", "start date", "入职日期"),
        _col("left_on", "date", "leave date", "termination date", "离职日期"),
    ),
    key=("manager_id",),
    synonyms=("manager", "salespeople", "salesperson", "sales_teams", "employees", "reps", "客户经理", "销售人员"),
)

TARGETS = Table(
    "targets",
    (
        _col("manager_id", "text", "employee id", "salesperson id", "account manager", "客户经理ID", "工号", required=True),
        _col("period", "date", "month", "target month", "quarter", "year", "月份", "期间", "季度", "年度", required=True),
        _col("target_amount", "money", "target", "quota", "goal", "sales target", "目标", "销售目标", "任务额", required=True),
        _col("granularity", "text", "period type", "粒度", "周期"),
    ),
    key=("manager_id", "period", "granularity"),
    synonyms=("target", "quotas", "quota", "goals", "目标", "销售目标"),
    references=(("manager_id", "managers"),),
)

OPPORTUNITIES = Table(
    "opportunities",
    (
        _col("opportunity_id", "text", "deal id", "opportunity", "opportunity no", "商机ID", "商机编号", required=True),
        _col("account_id", "text", "account", "customer", "customer id", "account name", "客户ID", "客户编号", "客户名称", "客户"),
        _col("stage", "text", "deal stage", "sales stage", "status", "阶段", "商机阶段", "状态", required=True),
        _col("amount", "money", "close value", "deal value", "value", "expected revenue", "金额", "预计金额", "商机金额",
             required=True, may_be_empty=True),  # open deals often have no value yet
        _col("manager_id", "text", "owner", "sales agent", "salesperson", "sales rep", "客户经理", "负责人", "业务员"),
        _col("product_line", "text", "product", "series", "category", "产品线", "产品"),
        _col("created_on", "date", "engage date", "created", "created date", "open date", "创建日期", "立项日期"),
        _col("expected_close", "date", "expected close date", "close by", "预计成交日期", "预计结单日期"),
        _col("closed_on", "date", "close date", "closed date", "成交日期", "关闭日期", "结单日期"),
        _col("outcome", "text", "result", "won lost", "结果"),
        _col("lost_reason", "text", "loss reason", "reason lost", "丢单原因", "失败原因"),
        _col("competitor", "text", "lost to", "竞争对手"),
        _col("partner_id", "text", "partner", "渠道伙伴", "代理商"),
    ),
    key=("opportunity_id",),
    synonyms=("opportunity", "deals", "pipeline", "sales_pipeline", "商机"),
    references=(("account_id", "accounts"), ("manager_id", "managers"), ("partner_id", "partners")),
)

STAGE_HISTORY = Table(
    "stage_history",
    (
        _col("opportunity_id", "text", "deal id", "opportunity", "商机ID", "商机编号", required=True),
        _col("stage", "text", "deal stage", "to stage", "阶段", "商机阶段", required=True),
        _col("entered_on", "date", "entered", "changed on", "stage date", "进入日期", "变更日期", required=True),
        _col("amount", "money", "deal value", "金额"),
        _col("expected_close", "date", "expected close date", "预计成交日期"),
    ),
    key=("opportunity_id", "stage", "entered_on"),
    synonyms=("opportunity_history", "stage_changes", "阶段历史"),
    references=(("opportunity_id", "opportunities"),),
)

ACTIVITIES = Table(
    "activities",
    (
        _col("account_id", "text", "account", "customer", "customer id", "客户ID", "客户编号", required=True),
        _col("date", "date", "activity date", "visit date", "日期", "拜访日期", required=True),
        _col("kind", "text", "type", "activity type", "类型", "活动类型", required=True),
        _col("manager_id", "text", "owner", "salesperson", "客户经理", "拜访人"),
        _col("contact_id", "text", "contact", "联系人ID", "联系人"),
        _col("minutes", "int", "duration", "duration minutes", "时长", "分钟"),
        _col("cost", "money", "expense", "费用", "成本"),
    ),
    key=(),
    synonyms=("activity", "visits", "calls", "meetings", "拜访", "活动"),
    references=(("account_id", "accounts"), ("manager_id", "managers"), ("contact_id", "contacts")),
)

TICKETS = Table(
    "tickets",
    (
        _col("ticket_id", "text", "ticket", "case id", "ticket no", "工单ID", "工单号", required=True),
        _col("account_id", "text", "account", "customer", "customer id", "customer name", "客户ID", "客户编号", required=True),
        _col("opened_at", "timestamp", "opened", "created at", "created", "开单时间", "创建时间", required=True),
        _col("first_response_at", "timestamp", "first response time", "first response", "首次响应时间"),
        _col("resolved_at", "timestamp", "resolved", "closed at", "time to resolution", "解决时间", "关闭时间"),
        _col("severity", "text", "priority", "ticket priority", "严重程度", "优先级"),
        _col("kind", "text", "type", "ticket type", "类型", "工单类型"),
        _col("owner", "text", "agent", "assignee", "负责人", "处理人"),
        _col("satisfaction", "int", "csat", "rating", "customer satisfaction rating", "满意度"),
    ),
    key=("ticket_id",),
    synonyms=("ticket", "cases", "support_tickets", "customer_support_tickets", "工单", "投诉"),
    references=(("account_id", "accounts"),),
)

CONTRACTS = Table(
    "contracts",
    (
        _col("contract_id", "text", "contract no", "agreement id", "合同ID", "合同编号", required=True),
        _col("account_id", "text", "account", "customer", "customer id", "客户ID", "客户编号", required=True),
        _col("start_on", "date", "start date", "start", "开始日期", "生效日期", required=True),
        _col("end_on", "date", "end date", "end", "结束日期", "到期日期", required=True),
        _col("committed_amount", "money", "commitment", "contract value", "承诺金额", "合同金额"),
        _col("product_line", "text", "category", "产品线"),
        _col("discount_rate", "ratio", "discount", "折扣率", "折扣"),
    ),
    key=("contract_id",),
    synonyms=("contract", "agreements", "合同"),
    references=(("account_id", "accounts"),),
)

CONTACTS = Table(
    "contacts",
    (
        _col("contact_id", "text", "contact no", "联系人ID", "联系人编号", required=True),
        _col("account_id", "text", "account", "customer", "customer id", "客户ID", "客户编号", required=True),
        _col("name", "text", "contact name", "full name", "联系人", "姓名", required=True),
        _col("role", "text", "buying role", "角色"),
        _col("title", "text", "job title", "职位", "职务"),
        _col("birthday", "date", "birth date", "生日"),
    ),
    key=("contact_id",),
    synonyms=("contact", "people", "联系人"),
    references=(("account_id", "accounts"),),
)

PARTNERS = Table(
    "partners",
    (
        _col("partner_id", "text", "partner no", "dealer id", "渠道伙伴ID", "代理商编号", required=True),
        _col("name", "text", "partner name", "dealer", "渠道伙伴", "代理商名称", required=True),
        _col("tier", "text", "partner level", "level", "等级", "级别"),
        _col("region", "text", "area", "地区", "大区"),
    ),
    key=("partner_id",),
    synonyms=("partner", "dealers", "distributors", "渠道伙伴", "代理商"),
)

ASSIGNMENTS = Table(
    "assignments",
    (
        _col("account_id", "text", "account", "customer id", "客户ID", "客户编号", required=True),
        _col("manager_id", "text", "account manager", "owner", "客户经理ID", "客户经理", required=True),
        _col("from_on", "date", "from", "from date", "开始日期", required=True),
        _col("to_on", "date", "to", "to date", "结束日期"),
    ),
    key=("account_id", "from_on"),
    synonyms=("assignment", "account_owners", "客户分配"),
    references=(("account_id", "accounts"), ("manager_id", "managers")),
)

RATES = Table(
    "rates",
    (
        _col("currency", "text", "currency code", "币种", "货币", required=True),
        _col("date", "date", "rate date", "日期", required=True),
        _col("rate", "ratio", "exchange rate", "fx rate", "汇率", required=True),
    ),
    key=("currency", "date"),
    synonyms=("rate", "exchange_rates", "fx", "汇率"),
)

TABLES: dict[str, Table] = {
    t.name: t
    for t in (ACCOUNTS, ORDERS, MANAGERS, TARGETS, OPPORTUNITIES, STAGE_HISTORY, ACTIVITIES, TICKETS, CONTRACTS,
              CONTACTS, PARTNERS, ASSIGNMENTS, RATES)
}
